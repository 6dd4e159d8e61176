internal import ImageStoreCore
internal import ImageStorePlatform

/// How much memory the system can give at the moment.
package enum SystemMemory {
  /// The bytes of memory that files may take without displacing memory in use: the memory available
  /// on the machine, or the memory left in the control groups of this process, whichever is less.
  package static func availableByteCount() -> Int {
    #if os(Linux)
    let machine = text(of: "/proc/meminfo").flatMap(available(in:)) ?? 1 << 30
    return max(0, groupRooms().reduce(machine, min))
    #else
    var byteCount: UInt64 = 0
    var size = MemoryLayout<UInt64>.size
    guard unsafe sysctlbyname("hw.memsize", &byteCount, &size, nil, 0) == 0 else { return 1 << 30 }
    // The system does not say how much it could free.
    return Int(byteCount / 2)
    #endif
  }

  /// The value of `MemAvailable`, in bytes.
  static func available(in meminfo: String) -> Int? {
    field("MemAvailable:", of: meminfo).map { $0 << 10 }
  }

  private static func field(_ name: String, of text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let words = line.dropFirst(name.count).split(separator: " ")
      return words.first.flatMap { Int($0) }
    }
    return nil
  }

  #if os(Linux)
  /// The memory that each control group with a limit has left, including the cache it could give
  /// back.
  private static func groupRooms() -> [Int] {
    var rooms: [Int] = []
    for line in (text(of: "/proc/self/cgroup") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      if fields[1].isEmpty {
        for root in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
          rooms += groupRooms(of: root, String(fields[2]), limit: "memory.max", usage: "memory.current")
        }
      } else if fields[1].split(separator: ",").contains("memory") {
        rooms += groupRooms(
          of: "/sys/fs/cgroup/memory", String(fields[2]), limit: "memory.limit_in_bytes",
          usage: "memory.usage_in_bytes")
      }
    }
    return rooms
  }

  /// The room of a group and of those it is in.
  private static func groupRooms(of root: String, _ path: String, limit: String, usage: String) -> [Int] {
    var rooms: [Int] = []
    var parts = path.split(separator: "/")
    while true {
      let folder = ([root] + parts.map(String.init)).joined(separator: "/")
      // A group without a limit says `max`, or a number that no machine has.
      if let most = number(in: "\(folder)/\(limit)"), most < 1 << 50,
        let used = number(in: "\(folder)/\(usage)")
      {
        let statistics = text(of: "\(folder)/memory.stat") ?? ""
        let cache = ["inactive_file ", "active_file "].reduce(0) { $0 + (field($1, of: statistics) ?? 0) }
        rooms.append(most - used + min(cache, used))
      }
      if parts.isEmpty { return rooms }
      parts.removeLast()
    }
  }

  private static func number(in path: String) -> Int? {
    text(of: path).flatMap { Int($0.prefix { $0 != "\n" }) }
  }
  #endif

  /// The contents of a small file of the system's.
  private static func text(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 16 << 10)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}
