#if Server
internal import Hummingbird

#endif
