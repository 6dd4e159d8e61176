// Small fixed workloads per backend, for counting instructions: `store-workloads write|read|load BACKEND FOLDER`.
// The work is the same on every run, so that the count is too.
import ImageStoreCore
import ImageStoreTesting

let arguments = CommandLine.arguments
guard arguments.count == 4, let work = Workload(rawValue: arguments[1]),
  let backend = Backend(rawValue: arguments[2])
else {
  print(
    "usage: store-workloads \(Workload.allCases.map(\.rawValue)) \(Backend.allCases.map(\.rawValue)) FOLDER")
  throw StoreError(.invalidArgument, "unknown work or backend")
}
try work.run(backend, in: arguments[3])
