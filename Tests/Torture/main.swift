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
  try run(Array(CommandLine.arguments.dropFirst()))
} catch {
  printNow("FAILED: \(error)")
  exit(1)
}

func run(_ arguments: [String]) throws {
  let rest = Array(arguments.dropFirst())
  switch arguments.first {
  case "killed-writer": try KillCheck.writer(rest)
  case "kills": try kills(rest)
  case "faults": try faults(rest)
  default: throw Violation("Torture ROLE ...")
  }
}

/// The backends a run is for: the one named, or all.
func backends(_ name: String?) throws -> [Backend] {
  try name.map { $0 == "all" ? Backend.all : [try Backend.named($0)] } ?? Backend.all
}

func kills(_ arguments: [String]) throws {
  let count = arguments.count > 1 ? Int(arguments[1]) : 20
  for backend in try backends(arguments.first) {
    for operation in Operation.allCases {
      let figures = try KillCheck.run(
        backend, operation, count: count ?? 0, everyCall: count == nil, seed: 1,
        program: "/proc/self/exe")
      printNow("kills \(backend) \(operation.rawValue): \(figures)")
    }
  }
}

func faults(_ arguments: [String]) throws {
  for backend in try backends(arguments.first) {
    for operation in Operation.allCases {
      for fault in Fault.all where arguments.count < 2 || fault.name == arguments[1] {
        do {
          let figures = try FaultCheck.run(backend, operation, fault) { call in
            if environment("TRACE") != nil { printNow("\(backend) \(operation.rawValue) \(fault) \(call)") }
          }
          printNow("faults \(backend) \(operation.rawValue) \(fault): \(figures)")
        } catch { printNow("FAILED: \(error)") }
      }
      do {
        let figures = try FaultCheck.runWithFileSizeLimits(backend, operation)
        printNow("faults \(backend) \(operation.rawValue) RLIMIT_FSIZE: \(figures)")
      } catch { printNow("FAILED: \(error)") }
    }
  }
}
