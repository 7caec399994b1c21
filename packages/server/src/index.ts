export type { StompApi } from './api.js'
export type {
  Broker,
  BrokerCapabilities,
  BrokerRequest,
  Channel,
  Publication,
  Settled,
  Subscriber,
} from './broker/broker.js'
export type { BrokerFactory, BrokerParts, EmbeddedBrokerOptions } from './broker/embedded/embedded-broker.js'
export { embeddedBroker } from './broker/embedded/embedded-broker.js'
export type { Clock } from './clock/clock.js'
export type { StompErrorCode, StompErrorOptions } from './errors.js'
export { STOMP_ERRORS, StompError } from './errors.js'
export type {
  AuthenticateHook,
  AuthorizeRequest,
  AuthorizeSendHook,
  AuthorizeSendRequest,
  AuthorizeSubscribeHook,
  ConnectRequest,
  IdentifyHook,
  StompHooks,
} from './hooks/hooks.js'
export type { AllowedOrigins } from './hooks/origin.js'
export type { AllowOptions } from './hooks/rules.js'
export type { User, UserLike } from './hooks/user.js'
export type { EndpointOptions, HoofbeatLimits, HoofbeatOptions } from './plugin.js'
export { hoofbeatPlugin as default, hoofbeatPlugin as hoofbeat } from './plugin.js'
export type {
  MessageRouteOptions,
  PublishOptions,
  RoutedMessage,
  RoutedSubscription,
  SubscriptionRouteOptions,
} from './routes/definition.js'
