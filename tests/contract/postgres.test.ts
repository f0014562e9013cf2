// PostgreSQL keeps the contract of a store.
import { postgresEngine } from './postgres.ts';
import { contract } from './suite.ts';

contract('PostgreSQL', postgresEngine);
