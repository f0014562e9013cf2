// The error of a setting that cannot be used.
import { Refusal } from '../model/refusal.ts';

/** A setting that cannot be used: `message` names the variable and says why. */
export class ConfigError extends Refusal {
  override readonly name = 'ConfigError';
}
