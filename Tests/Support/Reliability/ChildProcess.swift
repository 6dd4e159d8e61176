import ImageStorePlatform
import ImageStoreSupport

/// A run of the program `ImageStoreStress` in a process of its own.
package struct ChildProcess {
  /// How a process ended.
  package enum End: Sendable, Equatable {
    case exited(Int32)
    case signaled(Int32)
  }

  private let identifier: pid_t
  private let outputPath: String

  /// Starts the program; its output goes to a file in `folder`, so that no pipe can fill.
  package init(_ program: String, _ arguments: [String], folder: String) throws {
    outputPath = "\(folder)/output-\(UInt64.random(in: 0 ... .max))"
    #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t?
    #else
    var actions = unsafe posix_spawn_file_actions_t()
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in [1, 2] {
      unsafe posix_spawn_file_actions_addopen(
        &actions, descriptor, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    }
    var argv = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe argv.forEach { unsafe free($0) } }
    // libdispatch's threads block signals, and a child would inherit that.
    #if canImport(Darwin)
    var attributes: posix_spawnattr_t?
    #else
    var attributes = posix_spawnattr_t()
    #endif
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var identifier = pid_t()
    #if canImport(Darwin)
    let environ = unsafe _NSGetEnviron().pointee
    #endif
    let status = unsafe posix_spawn(&identifier, program, &actions, &attributes, &argv, environ)
    guard status == 0 else {
      throw Violation("\(program) cannot be started: \(unsafe String(cString: strerror(status)))")
    }
    self.identifier = identifier
  }

  /// Waits for the end and returns it with what the program printed.
  package func wait() throws -> (end: End, output: String) {
    var status: Int32 = 0
    while unsafe waitpid(identifier, &status, 0) < 0 {
      guard errno == EINTR else { throw Violation("the process cannot be waited for") }
    }
    let output = try FileSystem.contents(of: outputPath, limit: 1 << 26)
    try Files.remove(outputPath)
    // As WIFEXITED and its kin have it, which are macros.
    let end: End = status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signaled(status & 0x7F)
    return (end, String(decoding: output, as: UTF8.self))
  }

  /// Starts the program and waits for its end.
  package static func run(
    _ program: String, _ arguments: [String], folder: String
  ) throws -> (end: End, output: String) {
    try ChildProcess(program, arguments, folder: folder).wait()
  }
}
