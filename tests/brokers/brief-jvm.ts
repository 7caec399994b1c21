/** For a broker that lives as long as one file of tests: small, and none of the effort that pays off later. */
export const BRIEF_JVM: readonly string[] = ['-Xms32m', '-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
