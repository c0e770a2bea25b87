// A secret that is the content of a file, as container platforms mount it.

/** Throws what the file system throws. */
export type ReadText = (path: string) => string;

export type SecretFile =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly problem: string };

/** @param label how the user named the setting that names the file */
export function readSecretFile(label: string, path: string, readText: ReadText): SecretFile {
  const refused = (what: string): SecretFile => ({
    kind: 'unreadable',
    problem: `${label} must name a file that holds the secret, got ${path} (${what}): mount it, or correct the path`,
  });
  try {
    const text = readText(path).trim();
    return text === '' ? refused('it is empty') : { kind: 'read', text };
  } catch (error) {
    return refused(reasonOf(error));
  }
}

/** The code of the file system says it all; its message would repeat the path. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
