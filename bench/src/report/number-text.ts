// Figures as people read them: three digits that mean something, thousands apart. Pure.

export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '∞';
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
}

/** `51.2 ns`, `1.31×` */
export function quantityText(value: number, unit: string): string {
  return unit === '×' ? `${numberText(value)}×` : `${numberText(value)} ${unit}`.trimEnd();
}
