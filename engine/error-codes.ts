/** Placeholder: being written. */
export interface ErrorCode { readonly title: string; readonly explanation: string; readonly example?: string }
export const errorCodes: Readonly<Record<string, ErrorCode>> = {};
