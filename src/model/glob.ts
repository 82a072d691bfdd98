/** Globs (`*`, `?`, `**`, `{a,b}`; a backslash before one of these makes it literal) as expressions. Pure. */

/** Tests whole paths. */
export function globTest(pattern: string): RegExp {
  return new RegExp(`^${regexOf(pattern)}$`, 's');
}

function regexOf(pattern: string): string {
  let depth = 0;
  return pattern.replaceAll(/\\[\\*?{}]|\*\*\/|\*\*|[*?{},]|[.+^$()|[\]\\]/g, (token) => {
    // To the expression, too, it is the character itself.
    if (token.length > 1 && token.startsWith('\\')) return token;
    switch (token) {
      case '**/':
        return '(?:.*/)?';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      case '{':
        depth += 1;
        return '(?:';
      case '}':
        depth -= 1;
        return ')';
      case ',':
        return depth > 0 ? '|' : ',';
      default:
        return `\\${token}`;
    }
  });
}
