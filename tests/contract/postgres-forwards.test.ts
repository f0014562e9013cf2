// PostgreSQL keeps the contract of forwarding.
import { postgresEngine } from './postgres.ts';
import { forwardContract } from './suite.ts';

forwardContract('PostgreSQL', postgresEngine);
