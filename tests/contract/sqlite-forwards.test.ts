// SQLite keeps the contract of forwarding.
import { sqliteEngine } from './sqlite.ts';
import { forwardContract } from './suite.ts';

forwardContract('SQLite', sqliteEngine);
