package import CImageStoreKernels

extension ElementType {
  /// The kernels' name for it. They treat truth values as bytes.
  package var kernelSample: image_kernels_sample {
    switch self {
    case .bool, .uint8: image_kernels_uint8
    case .int8: image_kernels_int8
    case .uint16: image_kernels_uint16
    case .uint32: image_kernels_uint32
    case .uint64: image_kernels_uint64
    case .int16: image_kernels_int16
    case .int32: image_kernels_int32
    case .int64: image_kernels_int64
    case .float16: image_kernels_float16
    case .float32: image_kernels_float32
    case .float64: image_kernels_float64
    }
  }
}
