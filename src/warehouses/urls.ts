/**
 * A message without the queries of the URLs in it: drivers quote the address that a request went to, and one that a cloud's
 * storage was asked at has the right to read or write there in its query.
 */
export const withoutQueries = (message: string): string =>
  message.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s?]*\?)\S*/gi, '$1…')
