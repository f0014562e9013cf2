// The error of a setting that cannot be used.

/** A setting that cannot be used: `message` names the variable and says why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
