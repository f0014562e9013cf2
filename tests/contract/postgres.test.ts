// PostgreSQL keeps the contracts of a store and of its maintenance.
import { adminContract } from './admin-suite.ts';
import { postgresEngine } from './postgres.ts';
import { contract } from './suite.ts';

contract('PostgreSQL', postgresEngine);
adminContract('PostgreSQL', postgresEngine);
