/** 1234567 as 1,234,567. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** A duration as people say it: 0.4 s, 12 s, 3 min 20 s, 1 h 5 min. */
export function durationText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** Rows per second; a dash where there was no time to measure. */
export function rateText(rows: number, seconds: number): string {
  return seconds > 0 ? grouped(rows / seconds) : "-";
}
