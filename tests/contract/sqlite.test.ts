// SQLite keeps the contracts of a store and of its maintenance.
import { adminContract } from './admin-suite.ts';
import { sqliteEngine } from './sqlite.ts';
import { contract } from './suite.ts';

contract('SQLite', sqliteEngine);
adminContract('SQLite', sqliteEngine);
