// The one function of the CUDA libraries that is called where there is no GPU: torch registers a callback with it as it is loaded.
#include <c10/util/Registry.h>
namespace c10 {
class FreeMemoryCallback {
 public:
  virtual ~FreeMemoryCallback() {}
  virtual bool Execute() = 0;
};
__attribute__((visibility("default"))) ::c10::Registry<std::string, std::unique_ptr<FreeMemoryCallback>>* FreeCudaMemoryCallbacksRegistry() {
  static auto* registry = new ::c10::Registry<std::string, std::unique_ptr<FreeMemoryCallback>>(true);
  return registry;
}
}  // namespace c10
