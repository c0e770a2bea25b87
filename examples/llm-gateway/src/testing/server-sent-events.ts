// Server-sent events as they arrive; leaving the loop closes the connection.

export interface ServerSentEvent {
  readonly event: string;
  readonly data: unknown;
}

export async function* readEvents({ body }: Response): AsyncGenerator<ServerSentEvent, void, undefined> {
  let text = '';
  for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string): string =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      const data = field('data');
      yield { event: field('event'), data: data === '[DONE]' ? data : JSON.parse(data) };
    }
  }
}
