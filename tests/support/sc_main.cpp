// libsystemc asks for one; linkers that check shared libraries want it even when nothing calls it.
extern "C" __attribute__((weak)) int sc_main(int, char**);
extern "C" __attribute__((weak)) int sc_main(int, char**) { return 0; }
