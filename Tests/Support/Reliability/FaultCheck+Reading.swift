import CImageStoreFaults
import ImageStoreCore
import ImageStoreSupport

extension FaultCheck {
  /// Opens, reads and verifies a store again and again in this process, each time with the next call
  /// failing, until there are no more calls.
  package static func runReading(
    _ backend: Backend, _ fault: Fault, progress: (Int) -> Void = { _ in }
  ) throws -> Figures {
    let folder = try WorkFolder()
    let path = backend.path(in: folder.path)
    try backend.append(0..<2, to: path, imagesPerCommit: 5)
    let images = Commits(backend, imagesPerCommit: 5).images(ofFirst: 2)
    var figures = Figures()
    let openFiles = openFileCount()
    for call in 1... {
      progress(call)
      var thrown: (any Error)?
      faults_arm(UInt32(fault.kinds), call, fault.number, Int32(FAULTS_FAIL_ONCE))
      do {
        let store = try backend.open(path)
        try store.verify()
        if let difference = try images.difference(from: store) { thrown = Violation(difference) }
      } catch {
        thrown = error
      }
      let calls = faults_disarm()
      guard calls >= call else {
        if let thrown { throw thrown }
        return figures
      }
      figures.injected += 1
      if thrown == nil { figures.avoided += 1 } else { figures.reported += 1 }
      let function = unsafe String(cString: faults_failed_function())
      let place = "\(backend) read \(fault), call \(call) (\(function))"
      if let thrown, !(thrown is StoreError) { throw Violation("\(place): \(thrown)") }
      try require(openFileCount() == openFiles, "\(place): a file stays open")
      if let difference = try images.difference(from: backend.open(path)) {
        throw Violation("\(place): afterwards \(difference)")
      }
    }
    return figures
  }

  /// The faults that readers can meet.
  package static let readingFaults = Fault.all.filter {
    ["open-EMFILE", "read-EIO", "map-ENOMEM", "allocate-ENOMEM"].contains($0.name)
  }
}
