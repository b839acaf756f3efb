import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { type Static, Type } from 'typebox';

/** Nothing that ends a header line, or an argument. */
const text = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\x00-\\x1f\\x7f]+$' });

const siteProfileSchema = Type.Object(
  {
    /** Each stands for itself and its subdomains. */
    hosts: Type.Array(Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$', maxLength: 253 }), {
      minItems: 1,
    }),
    /** yt-dlp's format selector for videos, in place of ours. Alone, a dash would ask at the terminal. */
    format: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, pattern: '^(?!-$)[^\\x00-\\x1f]+$' })),
    /** As yt-dlp's --extractor-args takes them: `youtube:player_client=web`. */
    extractorArgs: Type.Optional(Type.Array(text(1000))),
    userAgent: Type.Optional(text(1000)),
    referer: Type.Optional(text(2048)),
    headers: Type.Optional(
      Type.Record(Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }), text(4096), {
        additionalProperties: false,
      }),
    ),
    /** Seconds between two requests of an extraction. */
    sleepRequestsS: Type.Optional(Type.Number({ minimum: 0, maximum: 60 })),
    concurrentFragments: Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
    /** Bytes a second, with K, M or G for powers of 1024. */
    rateLimit: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}(\\.[0-9]{1,3})?[KMG]?$' })),
    /** In Netscape's format, in place of the general one; relative to the file of the profiles. */
    cookiesFile: Type.Optional(text(4096)),
  },
  { additionalProperties: false },
);

/** What yt-dlp is told beside the usual for some hosts. Nothing else of yt-dlp can be set. */
export type SiteProfile = Static<typeof siteProfileSchema>;

const validate = new Ajv({ allErrors: true }).compile<SiteProfile[]>(Type.Array(siteProfileSchema));

/**
 * Reads the profiles of an operator from a file of JSON: an array of them.
 * @throws with the name of the file and what is wrong with it.
 */
export const readSiteProfiles = async (path: string): Promise<SiteProfile[]> => {
  let profiles: unknown;
  try {
    profiles = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new Error(`site profiles ${path}: ${(cause as Error).message}`, { cause });
  }
  if (!validate(profiles)) {
    const faults = (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const name: unknown = params['additionalProperty'];
      return `${instancePath || '/'} ${message}${typeof name === 'string' ? `: ${name}` : ''}`;
    });
    throw new Error(`site profiles ${path}: ${faults.join('; ')}`);
  }
  const folder = dirname(resolve(path));
  return profiles.map(({ cookiesFile, ...profile }) =>
    cookiesFile === undefined ? profile : { ...profile, cookiesFile: resolve(folder, cookiesFile) },
  );
};

/** What the profiles say of a host; of two that set the same property, the later one. */
export const profileFor = (
  profiles: readonly SiteProfile[],
  host: string,
): Partial<Omit<SiteProfile, 'hosts'>> => {
  const name = host.toLowerCase().replace(/\.$/, '');
  const matching = profiles.filter(({ hosts }) =>
    hosts.map((one) => one.toLowerCase()).some((one) => name === one || name.endsWith(`.${one}`)),
  );
  const { hosts: _, ...profile } = Object.assign({ hosts: [] }, ...matching) as SiteProfile;
  return profile;
};
