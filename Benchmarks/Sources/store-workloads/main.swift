// Small fixed workloads per backend, for counting instructions: `store-workloads write|read|load
// BACKEND FOLDER`, where the backend is a variant of the catalogue; `store-workloads list` prints
// those. The work is the same on every run, so that the count is too.
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreTesting

let arguments = CommandLine.arguments
let backends = StoreCatalog.variants.filter { !$0.isForMixedSizes }
if arguments.dropFirst() == ["list"] {
  for backend in backends { print(backend) }
} else {
  guard arguments.count == 4, let work = Workload(rawValue: arguments[1]),
    let backend = backends.first(where: { $0.name == arguments[2] })
  else {
    print("usage: store-workloads \(Workload.allCases.map(\.rawValue)) \(backends) FOLDER")
    throw StoreError(.invalidArgument, "unknown work or backend")
  }
  try work.run(backend, in: arguments[3])
}
