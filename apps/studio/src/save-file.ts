/** Lets the browser save something under a name. */
export function saveFile(content: string | Blob, type: string, fileName: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The download starts after this task; the address must outlive it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
