internal import ImageStoreCore

/// What was asked of a loader.
struct LoaderRequest: Sendable {
  let store: any ImageStore
  let masks: (store: any ImageStore, tensor: TensorFormat)?
  let batchSize: Int
  let position: LoaderState
  let tensor: TensorFormat
  let augmentation: Augmentation
  let options: LoaderOptions
}
