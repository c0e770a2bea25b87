// What the Data API process is told by the process that starts it. Types and the name of the variable only.

export interface DataApiConfig {
  readonly port: number;
  /** The database as the role PostgREST logs in with; it may become anon, authenticated or service_role. */
  readonly restUrl: string;
  /** The database as the role that owns the tables of Auth. */
  readonly authUrl: string;
  /** The database as a role that sees the whole catalog. */
  readonly catalogUrl: string;
  readonly jwtSecret: string;
  /** Exposed schemas; the first one is the default. */
  readonly schemas: readonly string[];
  /** No answer holds more rows. */
  readonly maxRows: number;
  readonly siteUrl: string;
}

/** In the environment and not among the arguments: it holds the secret, and arguments are for everyone to see. */
export const configVariable = 'TIDEMARK_DATA_API';

export const readyMessage = 'the Data API is ready';

/** Answered by the process itself, and not reachable through the API gateway. */
export const reloadPath = '/-/reload-schema';
