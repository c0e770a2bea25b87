// The door to the export: where no collector is configured, nothing of OpenTelemetry is loaded.
import type { OtlpExport, OtlpExportOptions } from './otlp-export.ts';

/** @returns undefined without an endpoint */
export async function openOtlpExport(
  endpoint: string | undefined,
  options: Omit<OtlpExportOptions, 'endpoint'>,
): Promise<OtlpExport | undefined> {
  if (endpoint === undefined) return undefined;
  const { startOtlpExport } = await import('./otlp-export.ts');
  return startOtlpExport({ endpoint, ...options });
}
