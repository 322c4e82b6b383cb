import { readFile } from "node:fs/promises";
import { z } from "zod";

const coordinates = z.object({ lat: z.number(), lng: z.number() });
const transportLevel = z.enum(["BLS", "ALS", "CCT"]);
const unitType = z.enum(["BLS", "ALS", "CCT", "WHEELCHAIR", "MEDICAL_TAXI"]);

const facility = z.object({
  name: z.string(),
  type: z.string(),
  address: z.string(),
  city: z.string(),
  state: z.string(),
  zipCode: z.string(),
  county: z.string(),
  coordinates,
  phone: z.string(),
  operatingHours: z.string(),
  capabilities: z.array(z.string()),
});

const agency = z.object({
  name: z.string(),
  address: z.string(),
  city: z.string(),
  state: z.string(),
  zipCode: z.string(),
  phone: z.string(),
  capabilities: z.array(z.string()),
  serviceArea: z.array(z.string()),
  operatingHours: z.string(),
  pricing: z.object({ base: z.partialRecord(transportLevel, z.number()), perMile: z.number() }),
  units: z.array(z.object({ unitNumber: z.string(), type: unitType })),
});

const region = z.object({ region: z.string(), facilities: z.array(facility), agencies: z.array(agency) });

/** A region to start with: real places, made-up agencies and telephone numbers. */
export type Region = z.infer<typeof region>;

/** One place of the region. */
export type RegionFacility = z.infer<typeof facility>;

/** One agency of the region, with its units. */
export type RegionAgency = z.infer<typeof agency>;

/** Reads the sample region that comes with the project. */
export async function readSampleRegion(): Promise<Region> {
  const text = await readFile(new URL("region.json", import.meta.url), "utf8");
  return region.parse(JSON.parse(text));
}
