import { Ajv2020, type Options } from 'ajv/dist/2020.js';
import type { FastifyInstance, FastifySchema, FastifyTypeProvider } from 'fastify';
import type { Static, TSchema } from 'typebox';

/** Handlers see bodies, parameters and queries by the types of their TypeBox schemas. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

const options: Options = {
  strict: true,
  allowUnionTypes: true,
  strictRequired: false,
  keywords: ['example'],
};

/** Bodies are taken as they are: a number in quotes is a text. What stands in an address has no types, and is read by them. */
export const validateStrictly = (app: FastifyInstance): void => {
  const bodies = new Ajv2020({ ...options });
  const texts = new Ajv2020({ ...options, coerceTypes: true, useDefaults: true });
  app.setValidatorCompiler<FastifySchema>(({ schema, httpPart }) =>
    (httpPart === 'body' ? bodies : texts).compile(schema),
  );
};
