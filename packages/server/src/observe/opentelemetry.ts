import type { Headers } from '@hoofbeat/codec'
import {
  context,
  diag,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { HandlerCall } from './handler-watch.js'
import type { Tracing } from './tracing.js'

export type { Tracing } from './tracing.js'

/** Whose spans, and which headers. */
export interface OpenTelemetryOptions {
  /** Makes the spans. @default that of the global provider, as '@hoofbeat/server' */
  readonly tracer?: Tracer
  /** Reads and writes the context in headers. @default the global one: with the Node SDK `traceparent` and `tracestate` */
  readonly propagator?: Pick<TextMapPropagator, 'extract' | 'inject'>
}

const getter: TextMapGetter<Headers> = {
  get: (headers, name) => headers.get(name),
  keys: (headers) => Object.keys(headers.toObject()),
}

const setter: TextMapSetter<string[]> = {
  set(flat, name, value) {
    // Neither can be part of a header that STOMP 1.0 writes; a propagator that makes them is not for the wire.
    if (!/[\r\n\0]/.test(name + value)) flat.push(name, value)
  },
}

/**
 * Traces message routes, given to the plugin as `tracing`. Around each handler is a span of the kind CONSUMER, whose parent
 * is named by `traceparent` and `tracestate` of the frame; what it returns, and what it publishes while it runs, carries
 * the context on in the headers of the messages. Needs a context manager, as every tracing SDK for Node sets one.
 *
 * ```ts
 * await app.register(hoofbeat, { tracing: openTelemetry() })
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Tracing {
  const { tracer = trace.getTracer('@hoofbeat/server'), propagator = propagation } = options
  return {
    around(call, run) {
      // What the session's own frames have left behind is nobody's parent.
      const parent = unharmed(() => propagator.extract(ROOT_CONTEXT, call.headers, getter)) ?? ROOT_CONTEXT
      const settings = { kind: SpanKind.CONSUMER, attributes: attributesOf(call) }
      return tracer.startActiveSpan(`process ${call.route}`, settings, parent, async (span) => {
        try {
          return await run()
        } catch (error) {
          fail(span, error)
          throw error
        } finally {
          span.end()
        }
      })
    },
    outgoing() {
      const flat: string[] = []
      unharmed(() => propagator.inject(context.active(), flat, setter))
      return flat
    },
    keep() {
      const active = context.active()
      return (run) => context.with(active, run)
    },
  }
}

/** A propagator that throws costs the trace, not the message: OpenTelemetry's own logger is told. */
function unharmed<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    diag.error('a propagator failed', error)
    return undefined
  }
}

/** By the semantic conventions for messaging; the name of the user is left out, for it is personal. */
function attributesOf({
  route,
  command,
  destination,
  bodyBytes,
  session,
}: HandlerCall): Record<string, string | number> {
  return {
    'messaging.system': 'stomp',
    'messaging.operation.type': 'process',
    'messaging.operation.name': command === 'SEND' ? 'process' : 'subscribe',
    'messaging.destination.name': destination,
    'messaging.destination.template': route,
    'messaging.message.body.size': bodyBytes,
    'session.id': session,
  }
}

function fail(span: Span, error: unknown): void {
  // What was thrown itself says more than the refusal that was made of it.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error) span.recordException(cause)
  const message = error instanceof Error ? error.message : String(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  span.setAttribute('error.type', typeof code === 'string' ? code : '_OTHER')
}
