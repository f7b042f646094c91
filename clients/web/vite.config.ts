import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "countenance.js" },
    target: "es2022",
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.ts"] },
});
