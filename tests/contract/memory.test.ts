// The store that the others are compared with keeps the contract itself.
import { memoryEngine } from './memory.ts';
import { contract, forwardContract } from './suite.ts';

contract('memory', () => memoryEngine());
forwardContract('memory', () => memoryEngine());
