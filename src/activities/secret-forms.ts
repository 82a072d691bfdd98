/** The shapes in which one secret turns up in output: as it is, by line, and encoded. */

/**
 * Every text that gives the secret away: itself, each of its longer lines, its JSON, URL and form
 * encodings, and what base64 (both alphabets) makes of it wherever it stands in the encoded bytes.
 */
export function secretForms(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= MIN_LINE);
  const plain = [secret, ...lines];
  return [
    ...plain,
    ...plain.map((text) => JSON.stringify(text).slice(1, -1)),
    ...plain.flatMap(urlForms),
    ...base64Forms(secret),
  ];
}

/** A shorter line of a longer secret, such as a brace, is not one by itself. */
const MIN_LINE = 8;

function urlForms(text: string): readonly string[] {
  const wellFormed = text.replaceAll(/\p{Surrogate}/gu, '\uFFFD');
  const usual = encodeURIComponent(wellFormed);
  const strict = usual.replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const form = new URLSearchParams({ v: wellFormed }).toString().slice(2);
  const upper = [usual, strict, form];
  return [...upper, ...upper.map((each) => each.replace(/%../g, (code) => code.toLowerCase()))];
}

/** A group of three bytes becomes four digits: the three offsets give three different texts. */
function base64Forms(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const forms = [0, 1, 2].map((offset) => {
    const digits = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // Digits that also hold bits of the neighbours differ from place to place.
    const first = Math.ceil((offset * 8) / 6);
    return digits.slice(first, Math.floor(((offset + bytes.length) * 8) / 6));
  });
  const padded = bytes.toString('base64');
  const all = [padded, padded.replace(/=+$/, ''), ...forms];
  return [...all, ...all.map((each) => each.replaceAll('+', '-').replaceAll('/', '_'))];
}
