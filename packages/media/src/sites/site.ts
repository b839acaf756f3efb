/** How one site writes its URLs. */
export interface Site {
  /** Matches the site's host names, lower-cased and without a final dot. */
  readonly hosts: RegExp;
  /** The one spelling, or null where the site's rules do not cover this URL and the general ones apply. */
  canonical(url: URL): string | null;
}
