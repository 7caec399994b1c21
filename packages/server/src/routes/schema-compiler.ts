import type { FastifyInstance } from 'fastify'
import { StompError } from '../errors.js'
import { createFault, type FramePart } from './fault.js'
import { describeIssues } from './issues.js'

/**
 * Validates a value. Gives what the handler is to see (coerced, with defaults), or a promise of it if the validator is
 * asynchronous. Throws or rejects with the StompError of its part.
 */
export type Validate = (value: unknown) => unknown

/** Validates the parts of a frame that have a schema. */
export type Validators = { readonly [P in FramePart]: Validate | undefined }

/** Turns a value into JSON by a schema. */
export type Serialize = (value: unknown) => string

/** The schemas of one route. */
export type RouteSchemas = { readonly [P in FramePart | 'response']?: unknown }

/** The route whose schemas are to be compiled. */
export interface CompiledRoute {
  readonly instance: FastifyInstance
  readonly schemas: RouteSchemas
  readonly command: 'SEND' | 'SUBSCRIBE'
  readonly pattern: string
}

/** Compiles the schemas of routes by the compilers of their Fastify instance. */
export interface SchemaCompiler {
  /**
   * Makes sure that the instance will have its compilers. Fastify builds them only for instances in which some HTTP route
   * has a schema, so this adds a hidden one, which answers as if it were not there. It is given a schema of the route
   * itself: a custom compiler need not understand any other. Call it while the instance still takes routes.
   */
  prepare(route: CompiledRoute): void
  /** Compiles the schemas of all parts that have one. Call it when the instance is ready. Throws what the compiler throws. */
  validators(route: CompiledRoute): Validators
  /** Compiles the schema of the response, if there is one. Call it when the instance is ready. */
  serializer(route: CompiledRoute): Serialize | undefined
}

/** Makes the one compiler of an application's routes. */
export function createSchemaCompiler(): SchemaCompiler {
  const validating = new WeakSet<FastifyInstance>()
  const serializing = new WeakSet<FastifyInstance>()
  let hiddenRoutes = 0
  return {
    prepare({ instance, schemas, command, pattern }) {
      if (hasContent(schemas.body)) {
        throw new TypeError('schema.body takes one schema for all content types: `content` is not looked at')
      }
      const input = readSchema(schemas.body ?? schemas.params ?? schemas.headers)
      const response = readSchema(schemas.response)
      const schema: Record<string, unknown> = { hide: true }
      if (input !== undefined && !validating.has(instance)) {
        validating.add(instance)
        schema.params = input
      }
      if (response !== undefined && !serializing.has(instance)) {
        serializing.add(instance)
        schema.response = { 200: response }
      }
      if (Object.keys(schema).length === 1) return
      instance.route({
        method: 'TRACE',
        // Fastify names this in its error if it cannot compile the schema.
        url: `/.hoofbeat/schemas/${++hiddenRoutes}/${command}${pattern.replace(/[^\w/.-]/g, '_')}`,
        exposeHeadRoute: false,
        schema,
        // Before validation, which would answer with what the schema says.
        onRequest: async (_request, reply) => {
          reply.callNotFound()
          return reply
        },
        handler: (_request, reply) => reply.callNotFound(),
      })
    },
    validators: (route) => ({
      params: compileValidator(route, 'params'),
      body: compileValidator(route, 'body'),
      headers: compileValidator(route, 'headers'),
    }),
    serializer({ instance, schemas, command, pattern }) {
      const schema = readSchema(schemas.response)
      if (schema === undefined) return undefined
      const compile = instance.serializerCompiler
      if (compile === undefined) throw new Error('the Fastify instance has no serializer compiler')
      return compile({ schema, method: command, url: pattern, httpStatus: '200' })
    },
  }
}

function compileValidator(
  { instance, schemas, command, pattern }: CompiledRoute,
  part: FramePart,
): Validate | undefined {
  const schema = readSchema(schemas[part])
  if (schema === undefined) return undefined
  const compile = instance.validatorCompiler
  if (compile === undefined) throw new Error('the Fastify instance has no validator compiler')
  return createValidate(compile({ schema, method: command, url: pattern, httpPart: part }), part)
}

/** Schema builders such as fluent-json-schema give their schema as primitive value; for all others it is the schema. */
function readSchema(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null ? schema.valueOf() : schema
}

function hasContent(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'content' in schema && typeof schema.content === 'object'
}

/** What a validator compiler returns, as far as it is looked at: Ajv's form, and the `{ value }` or `{ error }` of others. */
interface ValidatorFunction {
  (data: unknown, where?: { parentData: object; parentDataProperty: string }): unknown
  errors?: unknown
  /** Present on Ajv's functions only. */
  schemaEnv?: unknown
}

function createValidate(validate: ValidatorFunction, part: FramePart): Validate {
  const refuse = (issues: unknown): never => {
    throw createFault(part, describeIssues(issues, part), issues)
  }
  return (value) => {
    const holder = { value }
    const data = value === undefined ? null : value
    let result: unknown
    try {
      // Ajv can replace a root value (coercion) only in its parent.
      result = validate.schemaEnv ? validate(data, { parentData: holder, parentDataProperty: 'value' }) : validate(data)
    } catch (cause) {
      // The validator itself failed; it says nothing about the value.
      throw new StompError('STOMP_ERR_HANDLER_FAILED', { cause })
    }
    if (result === false) return refuse(validate.errors)
    if (typeof result !== 'object' || result === null) return holder.value
    if ('then' in result && typeof result.then === 'function') {
      // An asynchronous validator resolves with the data, whose own `value` or `error` key means nothing.
      return Promise.resolve<unknown>(result).then(
        (passed) => (passed === false ? refuse(validate.errors) : holder.value),
        (error: unknown) => refuse(error),
      )
    }
    if ('error' in result && result.error) return refuse(result.error)
    return 'value' in result ? result.value : holder.value
  }
}
