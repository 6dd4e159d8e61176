import ImageStorePlatform
import ImageStoreReliability

// A check that hangs is a check that fails.
alarm(UInt32(environment("IMAGE_STORES_TIMEOUT").flatMap { UInt32($0) } ?? 600))
// Processes that fall are findings in themselves; Swift need not say where, which takes longer than
// the checks.
_ = unsafe setenv("SWIFT_BACKTRACE", "enable=no", 1)
OldRename.apply()
do {
  try Roles.perform(Array(CommandLine.arguments.dropFirst()))
} catch {
  printNow("FAILED: \(error)")
  exit(1)
}
