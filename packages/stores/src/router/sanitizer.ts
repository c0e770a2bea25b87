// What sanitising means to the router, and the sanitiser it uses when it is given none. The built-in one finds what has
// an unmistakable form, in time linear in the text; it does not find names, addresses or anything that needs language
// to be understood. Give the router your own for more.

export interface SanitizeChange {
  /** What was found, e.g. `email`; logged, so never the text itself. */
  readonly kind: string;
  readonly count: number;
}

export interface Sanitized {
  readonly text: string;
  /** Empty when the text is unchanged. */
  readonly changes: readonly SanitizeChange[];
}

export type Sanitize = (text: string) => Sanitized | Promise<Sanitized>;

interface Rule {
  readonly kind: string;
  readonly pattern: RegExp;
  /** For forms with check digits. A match may have taken in the group behind it; the longest real prefix counts. */
  readonly isReal?: (match: string) => boolean;
}

// Each pattern starts where a token starts (the lookbehind), so that no long token is scanned again and again.
// Longer forms come first: the e-mail rule would otherwise cut a key in two.
const rules: readonly Rule[] = [
  { kind: 'private-key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*-----|$)/g },
  { kind: 'token', pattern: /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g },
  { kind: 'token', pattern: /(?<![\w-])Bearer[ \t]+[\w.~+/=-]{16,}/gi },
  {
    kind: 'api-key',
    pattern:
      /(?<![\w-])(?:(?:sk|pk|rk|gh[pousr]|github_pat|glpat|xox[abprs]|sb_secret)[-_][\w-]{16,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,})/g,
  },
  {
    kind: 'email',
    pattern: /(?<![\p{L}\p{N}.+%_-])[\p{L}\p{N}.+%_-]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/gu,
  },
  {
    kind: 'iban',
    pattern: /(?<!\w)[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)(?!\w)/g,
    isReal: isIban,
  },
  {
    kind: 'payment-card',
    pattern: /(?<![\w+])(?:\d{13,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{5})(?!\w)/g,
    isReal: isCardNumber,
  },
  { kind: 'phone', pattern: /(?<![\w+])\+\d(?:[ ()./-]{0,2}\d){7,14}(?!\w)/g },
];

/** Puts `[email]`, `[payment-card]`, `[token]`… where such a thing stood. */
export function redactSensitiveText(text: string): Sanitized {
  const counts = new Map<string, number>();
  let redacted = text;
  for (const { kind, pattern, isReal } of rules) {
    redacted = redacted.replace(pattern, (match) => {
      const found = isReal === undefined ? match : longestRealPrefix(match, isReal);
      if (found === '') return match;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return `[${kind}]${match.slice(found.length)}`;
    });
  }
  return { text: redacted, changes: Array.from(counts, ([kind, count]) => ({ kind, count })) };
}

/** @returns an empty text when there is none */
function longestRealPrefix(match: string, isReal: (match: string) => boolean): string {
  let prefix = match;
  while (prefix !== '' && !isReal(prefix)) {
    prefix = prefix.slice(0, Math.max(0, prefix.search(/[ -][^ -]*$/)));
  }
  return prefix;
}

/** The Luhn check (ISO/IEC 7812): tells card numbers from nine in ten other numbers. */
function isCardNumber(match: string): boolean {
  const digits = Array.from(match.replaceAll(/\D/g, ''), Number).toReversed();
  if (digits.length < 13) return false;
  const sum = digits.reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/** The check digits of ISO 13616: the number made of the rearranged account must be 1 modulo 97. */
function isIban(match: string): boolean {
  const compact = match.replaceAll(' ', '');
  if (compact.length < 15) return false;
  const rearranged = compact.slice(4) + compact.slice(0, 4);
  let remainder = 0;
  for (const character of rearranged) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
