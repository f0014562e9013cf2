// SQLite keeps the contract of a store.
import { sqliteEngine } from './sqlite.ts';
import { contract } from './suite.ts';

contract('SQLite', sqliteEngine);
