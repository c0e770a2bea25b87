// Takes secrets out of text. Works on what is written in the end, so that it does not matter which library put a secret
// into which message.

/** Shorter ones protect nothing, and would tear holes into ordinary words. */
const shortestSecret = 4;

/** What keys of Supabase look like, wherever they come from. */
const keyShapes = /eyJ[\w-]{5,}\.[\w-]+\.[\w-]+|sb_secret_[\w-]+/g;

export type Redactor = (text: string) => string;

export function createRedactor(secrets: readonly string[]): Redactor {
  const texts = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    // As it is, as URLs write it, and as JSON does.
    texts.add(secret).add(encodeURIComponent(secret)).add(JSON.stringify(secret).slice(1, -1));
  }
  // The longest first: a URL that holds a password goes as a whole.
  const ordered = [...texts].sort((a, b) => b.length - a.length);
  return (text) => {
    let redacted = text.replace(keyShapes, '[redacted]');
    for (const secret of ordered) redacted = redacted.replaceAll(secret, '[redacted]');
    return redacted;
  };
}
