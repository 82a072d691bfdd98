/** The keys of artifacts in a bucket: by their content, and told apart from each other. Pure. */

export const ARTIFACTS = 'artifacts/';

const KEY = /^artifacts\/([0-9a-f]{64})\/([0-9a-f]{16})$/;

/** sha256 and the rest of a key; undefined for what is not ours. */
export function artifactOf(
  key: string,
): { readonly sha256: string; readonly unique: string } | undefined {
  const [, sha256, unique] = KEY.exec(key) ?? [];
  return sha256 === undefined || unique === undefined ? undefined : { sha256, unique };
}

export function artifactKey(sha256: string, unique: string): string {
  return `${ARTIFACTS}${sha256}/${unique}`;
}
