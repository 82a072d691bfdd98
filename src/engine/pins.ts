/** What the embedded engine is: one version, known by the hash of its bytes on every platform. */

/** Version of the Temporal CLI, whose development server is the engine. */
export const CLI_VERSION = '1.9.1';
/** Version of the server inside it: names the folder of the database. */
export const SERVER_VERSION = '1.32.0';
/** Oldest CLI on the PATH that is used as it is. */
export const OLDEST_CLI = '1.9.0';
/** Version that `go build` gives: of later ones a nested module cannot be had. */
export const GO_CLI_VERSION = '1.8.2';

export type Platform = 'linux-x64' | 'linux-arm64' | 'darwin-x64' | 'darwin-arm64';

/** sha256 of the server binary itself, wherever it comes from. */
export const BINARY_SHA256: Readonly<Partial<Record<Platform, string>>> = Object.freeze({
  'linux-x64': '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
});
