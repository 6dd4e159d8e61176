import ReliabilityChecks

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

// A check that hangs is a check that fails.
alarm(UInt32(environment("IMAGE_STORES_TIMEOUT").flatMap { UInt32($0) } ?? 600))
OldRename.apply()
do {
  try Roles.perform(Array(CommandLine.arguments.dropFirst()))
} catch {
  printNow("FAILED: \(error)")
  exit(1)
}
