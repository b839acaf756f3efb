/** What was given is no URL that may be downloaded: the failure code `url_invalid`. The message says what is wrong. */
export class UrlInvalid extends Error {
  override readonly name = 'UrlInvalid';
}
