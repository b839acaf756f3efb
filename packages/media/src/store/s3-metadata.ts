/**
 * User metadata of S3 are HTTP headers: ASCII without line breaks, names in lower case, 2 KB in all
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html). So `sourceUrl` travels as `source-url`, and
 * values are percent-encoded as encodeURIComponent does, which leaves plain titles readable in any S3 tool.
 */
const prefix = 'x-amz-meta-';

/** Below the 2,048 bytes of S3, which counts names and values. */
const inlineLimit = 1900;

/** Where the objects are whose content is metadata: they are no objects of the store. */
export const overflowFolder = 'metadata/';

/** Names the object that holds the metadata as JSON, where they are too long for headers. */
export const overflowName = 'heavyMetadata';

const headerOf = (name: string): string =>
  prefix + name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const nameOf = (header: string): string =>
  header.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** True where the metadata fit the headers of one object. */
export const fitsInline = (metadata: Record<string, string>): boolean =>
  Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + headerOf(name).length + encodeURIComponent(value.toWellFormed()).length,
    0,
  ) <= inlineLimit;

export const toHeaders = (metadata: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      headerOf(name),
      encodeURIComponent(value.toWellFormed()),
    ]),
  );

const decode = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    // Stored by another program, which did not encode it.
    return value;
  }
};

/** From what the client library makes of the headers: names without their prefix, standard headers among them. */
export const fromHeaders = (headers: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !standardHeaders.has(name.toLowerCase()))
      .map(([name, value]) => [nameOf(name), decode(String(value))]),
  );

const standardHeaders = new Set([
  'content-type',
  'cache-control',
  'content-encoding',
  'content-disposition',
  'content-language',
  'x-amz-website-redirect-location',
  'x-amz-storage-class',
]);
