public import ImageStoreCore

/// CIFAR-10 or CIFAR-100 as it is distributed: the python version, the binary version, or the archive
/// of either.
///
///     let cifar = try CIFAR10(at: "cifar-10-python.tar.gz")
///     let train = try LMDBStore.write(cifar.training, to: "train.lmdb")
///
/// Files are mapped and archives inflated into memory as they are; the planes of an image are
/// interleaved when it is read, straight into the caller's memory. Batches saved again by Python 3
/// or by numpy 2 are read too. Pickles are read as data: no code in them is executed.
///
/// Formats: <https://www.cs.toronto.edu/~kriz/cifar.html>.
public struct CIFAR10: Sendable {
  /// The training images; none if the path is that of a test batch.
  public let training: CIFARImages
  /// The test images; none if the path is that of a training batch.
  public let test: CIFARImages
  /// The names of CIFAR-100's superclasses, which the column `coarse_label` counts from 0, if known.
  public let coarseClassNames: [String]?

  /// Opens a set.
  ///
  /// - Parameters:
  ///   - path: the folder of the batches (such as `cifar-10-batches-py`) or the one it is in, one
  ///     batch, or the archive (`cifar-10-python.tar.gz`), which is inflated into memory and never
  ///     unpacked to disk. The same holds for CIFAR-100 and the binary versions.
  ///   - threads: on how many threads a read may interleave images; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound`` if nothing exists at the path, or the folder has no
  ///   batches; ``StoreError/Code/unrecognized`` for files of another kind;
  ///   ``StoreError/Code/corrupt`` for files that contradict their format;
  ///   ``StoreError/Code/unsupported`` for pickles that have more than data.
  public init(at path: some StorePath, threads: Int? = nil) throws(StoreError) {
    let found = try CIFARContents(at: path.storePath())
    let names = try ClassNames(found.names)
    coarseClassNames = names.coarse
    var training: [Batch] = []
    var test: [Batch] = []
    for file in found.batches {
      let batch = try Batch(file)
      do throws(StoreError) {
        try batch.checkLabels(names)
      } catch {
        throw file.place(error)
      }
      if batch.isTest { test.append(batch) } else { training.append(batch) }
    }
    let paths = Array(Set(found.batches.map(\.path))).sorted()
    self.training = CIFARImages(training, classNames: names.fine, threads: threads, sourcePaths: paths)
    self.test = CIFARImages(test, classNames: names.fine, threads: threads, sourcePaths: paths)
  }

  /// Whether a path leads to what ``init(at:threads:)`` reads, judged by names and first bytes.
  package static func recognizes(_ path: String) -> Bool {
    CIFARContents.recognizes(path)
  }
}
