export type { BrokerState, RawEndpointOptions, StompApi } from './api.js'
export type {
  AckReference,
  AckRequest,
  Backbone,
  BackboneListener,
  Broker,
  BrokerAdmin,
  BrokerCapabilities,
  BrokerRequest,
  Channel,
  ChannelOwner,
  DestinationReport,
  LegReport,
  MessageReference,
  Publication,
  SendRequest,
  Settled,
  SubscribeRequest,
  Subscriber,
  TransactionRequest,
  UnsubscribeRequest,
} from './broker/broker.js'
export type { BrokerFactory, BrokerParts } from './broker/broker-factory.js'
export { embeddedBroker } from './broker/embedded/embedded-broker.js'
export type { EmbeddedBrokerOptions, HistoryOptions } from './broker/embedded/embedded-broker-options.js'
export type { BrokerAddress } from './broker/relay/dialer.js'
export type {
  BrokerProfile,
  DestinationKind,
  HeaderLine,
  OwnSubscribeRequest,
  ProfileMaker,
  ProfileName,
  RelayedDelivery,
  SharedTopicRequest,
} from './broker/relay/profile.js'
export { type RabbitmqProfileOptions, rabbitmqProfile } from './broker/relay/profiles/rabbitmq.js'
export { relayBroker } from './broker/relay/relay-broker.js'
export type {
  RelayBrokerOptions,
  RelayCluster,
  RelayHost,
  RelayWaiting,
  SystemLogin,
} from './broker/relay/relay-options.js'
export type { Clock } from './clock/clock.js'
export type { RawClose, RawConnection, RawEndpoint, RawHandlers } from './endpoints/raw-handlers.js'
export type { StompErrorCode, StompErrorOptions } from './errors.js'
export { STOMP_ERRORS, StompError } from './errors.js'
export type { CsrfOptions } from './hooks/csrf.js'
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
export type { AllowOptions, AllowRule, DenyOptions, DenyRule, UserCondition } from './hooks/rules.js'
export type { User, UserLike } from './hooks/user.js'
export type { Taken } from './message/delivery.js'
export type { StompEvent } from './observe/events.js'
export type { Metrics } from './observe/figures.js'
export type { Tracing } from './observe/tracing.js'
export type {
  DoorOptions,
  EndpointOptions,
  FallbackOptions,
  HoofbeatLimits,
  HoofbeatOptions,
  TcpAddress,
  TcpOptions,
} from './plugin.js'
export { hoofbeatPlugin as default, hoofbeatPlugin as hoofbeat } from './plugin.js'
export type { ContentType, StompCodec } from './routes/codecs.js'
export type { DecoratorGetter } from './routes/decorators.js'
export type {
  MessageRouteOptions,
  MessageSchema,
  PublishOptions,
  SendTo,
  SendToUser,
  SubscriptionRouteOptions,
  SubscriptionSchema,
} from './routes/definition.js'
export type { FailedFrame, MessageDecorators, RoutedMessage, RoutedSubscription } from './routes/frame-views.js'
export type { StompReply } from './routes/reply.js'
export type { MessageRoute, RouteApi, SubscriptionRoute } from './routes/route-api.js'
export type {
  AnyRouted,
  ErrorHandler,
  OnErrorHook,
  PreHandlerHook,
  PreSerializationHook,
} from './routes/route-hooks.js'
export type { RateLimit, RateLimitOptions } from './session/rate-limit.js'
export type { StoreRepair } from './store/durable-repair.js'
export { repairDurableStore } from './store/durable-repair.js'
export type { DurableStoreOptions } from './store/durable-store.js'
export { durableStore } from './store/durable-store.js'
export type { MemoryStore } from './store/memory-store.js'
export { memoryStore } from './store/memory-store.js'
export type {
  MessageStore,
  StoreChange,
  StoreContents,
  StoredEntry,
  StoredMessage,
} from './store/message-store.js'
export type { SockJsOptions } from './transports/sockjs/sockjs-options.js'
export type {
  BrokerAvailabilityEvent,
  ConnectEvent,
  EventHooks,
  RefusedEvent,
  SlowReaderEvent,
} from './users/event-hooks.js'
export type {
  ConnectedEvent,
  DisconnectedEvent,
  PresenceHooks,
  SessionFacts,
  SubscriptionEvent,
} from './users/presence-hooks.js'
export type {
  ConnectedSession,
  FoundSubscription,
  RegisteredUser,
  SessionSubscription,
  SessionTarget,
  UserSession,
  Users,
} from './users/users.js'
