# One image for the three services and the command `medport`: they are one package, run from source.
FROM node:24-bookworm-slim

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Neither the embedded databases nor the pinned Node, which are optional packages, nor what only developers need.
RUN npm ci --omit=dev --omit=optional --ignore-scripts
COPY gen gen
COPY services services

# A new volume takes its owner from the folder that it is laid over, and this one has no root among its users.
RUN mkdir -p /medport/all /medport/setup /medport/broker \
      /medport/hospital /medport/hospital-database \
      /medport/ems /medport/ems-database \
      /medport/center /medport/center-database \
 && chown -R node:node /medport
USER node
ENV NODE_ENV=production
ENTRYPOINT ["node"]
CMD ["services/cli/src/main.ts", "--help"]
