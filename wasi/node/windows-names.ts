/** Names that mean something else than a file of that name to Windows, wherever they stand in a path. */

/** Devices, also with digits that are superscripts, and with an extension or spaces before it. */
const device = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*([.:]|$)/i;

/**
 * False for the name of a device, for what has a separator, a drive, a stream or a wildcard in it, and for what Windows
 * would take a dot or space off of.
 */
export function isSafeOnWindows(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (/[\\/:*?"<>|\u0000-\u001f]/.test(name) || /[. ]$/.test(name) || name.includes("\ufffd")) return false;
  return !device.test(name);
}
