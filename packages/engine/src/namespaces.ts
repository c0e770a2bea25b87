// The namespaces an engine knows by name. All others it learns from the watch.

/** Of every table that is tracked without naming another one. */
export const firstNamespace = 'main';

/** Of the tables that a best-effort journal feeds: they share no head with tables that are proved. */
export const bestEffortNamespace = 'best-effort';
