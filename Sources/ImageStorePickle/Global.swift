/// A name that a pickle may mention. It stands for itself: nothing is imported or called.
enum Global: Sendable {
  /// `numpy.ndarray`
  case ndarray
  /// `numpy.dtype`
  case dtype
  /// `numpy.core.multiarray._reconstruct`: an empty array that BUILD fills.
  case reconstruct
  /// `numpy.core.multiarray.scalar`
  case scalar
  /// `numpy.core.numeric._frombuffer`: an array of protocol 5.
  case frombuffer
  /// `_codecs.encode`: how Python 3 spells bytes in protocols 0 to 2.
  case encode
  /// A class `CIFAR_Image` of any module: the record many LMDB tutorials pickle. Scripts name it
  /// `__main__.CIFAR_Image`, programs after the module they keep it in.
  case cifarImage

  /// The allow-list.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("numpy", "ndarray"): self = .ndarray
    case ("numpy", "dtype"): self = .dtype
    // numpy 2 renamed numpy.core to numpy._core.
    case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"):
      self = .reconstruct
    case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .scalar
    case ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"):
      self = .frombuffer
    case ("_codecs", "encode"): self = .encode
    case (_, "CIFAR_Image"): self = .cifarImage
    default: return nil
    }
  }

  /// The name as an error shows it.
  var name: String {
    switch self {
    case .ndarray: "numpy.ndarray"
    case .dtype: "numpy.dtype"
    case .reconstruct: "numpy.core.multiarray._reconstruct"
    case .scalar: "numpy.core.multiarray.scalar"
    case .frombuffer: "numpy.core.numeric._frombuffer"
    case .encode: "_codecs.encode"
    case .cifarImage: "CIFAR_Image"
    }
  }
}
